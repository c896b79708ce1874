/* Draws the run. ES5 and plain DOM, so that old browsers in offices can open the file. All text is escaped by esc(). */
(function () {
  "use strict";
  var D = JSON.parse(document.getElementById("data").textContent);
  var errors = 0;
  window.onerror = function () { errors += 1; document.documentElement.setAttribute("data-errors", String(errors)); };
  var lang = D.lang, selected = null;
  var OUTCOMES = ["FAIL", "UNCERTAIN", "NOT EVALUATED", "PASS"], MARKS = ["✕", "≈", "?", "✓"];
  var CHIPS = { "FAIL": "bad", "UNCERTAIN": "warn", "NOT EVALUATED": "none", "PASS": "good" };
  var ONE = /(^|[^\d.,])1 (bay|building|candidate|check|compound|group|home|household|object|piece|plan|port|price|site|stall|vehicle)s\b/g;
  var USE = { kindergarten: 1, school: 1, hospital: 1, elderly_care: 1 };

  function esc(text) {
    return String(text).replace(/[&<>"']/g, function (c) {
      return { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;" }[c];
    });
  }
  function t(key, values) {
    var text = D.texts[lang][key];
    if (text === undefined) { throw new Error("no text for " + key); }
    text = text.replace(/\{(\w+)\}/g, function (_all, name) { return values[name]; });
    return lang === "en" ? text.replace(ONE, "$11 $2") : text;
  }
  function law(clause) { return lang === "zh" ? clause.law_zh : (clause.standard + " " + clause.clause).trim(); }
  /* Vehicles are shares of demand, so people read them whole; few ones with a digit, for none is not little. */
  function cars(value) { return num(value, value > 0 && value < 9.95 ? 1 : 0); }
  function num(value, digits) {
    if (value === null || value === undefined) { return "–"; }
    var parts = Number(value).toFixed(digits || 0).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    var rest = (parts[1] || "").replace(/0+$/, "");
    return rest ? parts[0] + "." + rest : parts[0];
  }
  function percent(share) { return share === null || share === undefined ? "–" : num(100 * share, share > 0 && share < 0.1 ? 1 : 0) + "%"; }
  function byId(id) { return document.getElementById(id); }
  function title(clause) { return lang === "zh" ? clause.title_zh : clause.title_en; }

  /* Shapes: steps of 1e-7 degree from an origin, see siting/outputs/drawing.py. */
  function path(steps) {
    var out = [], x = 0, y = 0, k;
    for (k = 0; k < steps.length; k += 2) {
      x += steps[k]; y += steps[k + 1];
      out.push([D.origin[1] + y / 1e7, D.origin[0] + x / 1e7]);
    }
    return out;
  }
  function paths(parts) { return parts.map(path); }
  function areas(parts) { return parts.map(paths); }

  var Hatched = L.Canvas.extend({
    _fillStroke: function (ctx, layer) {
      var options = layer.options;
      if (!options.hatch) { L.Canvas.prototype._fillStroke.call(this, ctx, layer); return; }
      ctx.globalAlpha = options.fillOpacity;
      ctx.fillStyle = hatch(ctx, options.hatch);
      ctx.fill("evenodd");
      ctx.globalAlpha = options.opacity; ctx.lineWidth = options.weight; ctx.strokeStyle = options.color;
      if (options.stroke) { ctx.stroke(); }
    }
  });
  var patterns = {};
  function hatch(ctx, colour) {
    if (!patterns[colour]) {
      var tile = document.createElement("canvas"), c = tile.getContext("2d");
      tile.width = tile.height = 8;
      c.strokeStyle = colour; c.lineWidth = 1.1;
      c.beginPath(); c.moveTo(-2, 2); c.lineTo(2, -2); c.moveTo(-2, 10); c.lineTo(10, -2); c.moveTo(6, 10); c.lineTo(10, 6); c.stroke();
      patterns[colour] = ctx.createPattern(tile, "repeat");
    }
    return patterns[colour];
  }

  var map = L.map("map", { renderer: new Hatched({ padding: 0.4 }), zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, minZoom: 10, maxZoom: 22, zoomControl: false, attributionControl: true });
  map.createPane("names").style.zIndex = 550; /* names lie under the numbered pins */
  map.getPane("names").style.pointerEvents = "none";
  map.attributionControl.setPrefix("");
  L.control.zoom({ position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 160, position: "bottomright" }).addTo(map);
  var North = L.Control.extend({ options: { position: "topright" }, onAdd: function () {
    var box = L.DomUtil.create("div", "north");
    box.innerHTML = "<svg width='14' height='18' viewBox='0 0 14 18'><path d='M7 0L13 17L7 13L1 17Z' fill='#3d4a46'/></svg>N";
    return box;
  } });
  map.addControl(new North());

  var MARK_COLOURS = { hydrant: PALETTE.hydrant, sensitive: "#8d5a86", hazard: PALETTE.hazard, other: "#8b8f94" };
  var HAZARD = { fuel: 1, gas: 1, tank: 1, substation: 1 };
  function markClass(kind) { return kind === "hydrant" ? kind : USE[kind] ? "sensitive" : HAZARD[kind] ? "hazard" : "other"; }

  var groups = {}, drawn = 0;
  function add(name, shape, data) {
    shape.datum = data;
    groups[name].addLayer(shape);
    drawn += 1;
    return shape;
  }
  function still(options) { options.interactive = false; return options; }
  var ORDER = ["area", "compounds", "green", "parking", "roads", "zones", "outlines", "barriers", "buildings", "refused", "accepted", "picked", "links", "sites", "marks", "power"];
  ORDER.concat(["pins", "names"]).forEach(function (name) { groups[name] = L.featureGroup(); });
  var zoneGroups = {};

  function drawGround() {
    add("area", L.polygon(areas(D.area), still({ color: "#8a857a", weight: 1, dashArray: "2 5", fill: false })));
    D.compounds.forEach(function (c) {
      var shape = add("compounds", L.polygon(areas(c.g), { stroke: false, fillColor: c.s === "ready" ? "#fdfaf3" : "#f3ead9", fillOpacity: 0.9 }), c);
      add("outlines", L.polygon(areas(c.g), still({ color: PALETTE.compound, weight: 1.7, dashArray: "7 3", fill: false })), c);
      if (c.n) {
        shape.label = L.tooltip({ pane: "names", permanent: true, direction: "center", className: "name", interactive: false, opacity: 1 }).setLatLng(shape.getBounds().getCenter()).setContent(esc(c.n));
      }
    });
    D.green.forEach(function (g) { add("green", L.polygon(areas(g), still({ stroke: false, fillColor: PALETTE.green, fillOpacity: 0.85 }))); });
    D.water.forEach(function (g) { add("green", L.polygon(areas(g), still({ color: "#8fb9d4", weight: 0.8, fillColor: PALETTE.water, fillOpacity: 1 }))); });
    D.streams.forEach(function (g) { add("green", L.polyline(paths(g), still({ color: PALETTE.water, weight: 3 }))); });
    D.parking.forEach(function (p) { add("parking", L.polygon(areas(p.g), { color: "#a9b1c4", weight: 0.8, fillColor: PALETTE.parking, fillOpacity: 0.95 }), p); });
    D.roads.forEach(function (r) { if (r.d) { add("roads", L.polyline(paths(r.g), { color: "#cbc5b8", weight: 4, casing: true }), r); } });
    D.roads.forEach(function (r) {
      add("roads", r.d ? L.polyline(paths(r.g), still({ color: "#ffffff", weight: 2.6, core: true })) : L.polyline(paths(r.g), { color: "#b5aea0", weight: 1.1, dashArray: "4 3" }), r);
    });
    D.barriers.forEach(function (g) { add("barriers", L.polyline(paths(g), still({ color: PALETTE.barrier, weight: 1.3 }))); });
    D.gates.forEach(function (g) { add("barriers", L.circleMarker(path(g.g)[0], { radius: 3.4, color: PALETTE.barrier, weight: 1.6, fillColor: "#fff", fillOpacity: 1 }), g); });
    D.marks.forEach(function (m) { add("marks", L.circleMarker(path(m.g)[0], { radius: markClass(m.k) === "hydrant" || markClass(m.k) === "other" ? 2.8 : 4.5, color: "#fff", weight: 1, fillColor: MARK_COLOURS[markClass(m.k)], fillOpacity: 1 }), m); });
    D.transformers.forEach(function (p) { add("power", L.circleMarker(path(p.g)[0], { radius: 4.5, color: "#fff", weight: 1.2, fillColor: PALETTE.power, fillOpacity: 1 }), p); });
  }

  function buildingLook(b) {
    var byService = map.hasLayer(groups.buildings) ? serviceOn : true;
    if (byService && b.t) { return { color: "#6f7f8b", weight: 0.7, fillColor: PALETTE[b.t], fillOpacity: 0.92 }; }
    if (USE[b.u]) { return { color: "#8d6a88", weight: 0.8, fillColor: PALETTE.sensitive, fillOpacity: 0.75 }; }
    if (!byService && (b.u === "residential")) { return { color: "#a79c86", weight: 0.7, fillColor: "#e2d3b5", fillOpacity: 0.95 }; }
    return { color: "#aaa497", weight: 0.6, fillColor: PALETTE.building, fillOpacity: 0.95 };
  }
  var serviceOn = true;

  function drawPlan() {
    D.buildings.forEach(function (b) { b.shape = add("buildings", L.polygon(areas(b.g), buildingLook(b)), b); });
    D.zones.forEach(function (z) {
      zoneGroups[z.c] = L.featureGroup();
      if (!z.g) { return; }
      var shape = L.polygon(areas(z.g), { color: PALETTE.zone, opacity: 0.55, weight: 0.8, hatch: PALETTE.zone, fillOpacity: 0.5 });
      shape.datum = z;
      zoneGroups[z.c].addLayer(shape);
      drawn += 1;
    });
    D.candidates.forEach(function (c) {
      c.shape = add(c.a ? "accepted" : "refused", L.polygon(areas(c.g), c.a ? { color: PALETTE.accepted, weight: 1.2, fillColor: "#bfe3da", fillOpacity: 0.45 } : { color: PALETTE.refused, weight: 1.1, opacity: 0.85, dashArray: "3 2", fillColor: "#f3d3d3", fillOpacity: 0.35 }), c);
    });
    D.sites.forEach(function (s, k) {
      s.number = k + 1;
      s.shape = add("sites", L.polygon(areas(s.g), { color: "#ffffff", weight: 1.5, fillColor: PALETTE.site, fillOpacity: s.r === "reserve" ? 0.35 : 1 }), s);
      s.pin = L.marker(s.shape.getBounds().getCenter(), { icon: pinIcon(s), keyboard: true, title: "", riseOnHover: true });
      s.pin.datum = s;
      groups.pins.addLayer(s.pin);
    });
  }
  function pinIcon(site) {
    var width = site.number > 99 ? 32 : 24;
    return L.divIcon({ className: site.r === "reserve" ? "pin reserve" : "pin", html: String(site.number), iconSize: [width, 24] });
  }

  /* Cards and tooltips: HTML strings; every foreign text goes through esc(). */
  function chip(outcome) { return "<span class='chip " + CHIPS[outcome] + "'>" + esc(t("outcome." + outcome)) + "</span>"; }
  function fact(key, value) { return "<div><dt>" + esc(t("map." + key)) + "</dt><dd>" + esc(value) + "</dd></div>"; }
  function top(name, small, extra) {
    return "<div class='top'>" + (extra || "") + "<div><h3>" + esc(name) + "</h3><small>" + esc(small) + "</small></div></div>";
  }
  function amount(value, unit) { return value === null || value === undefined ? "–" : num(value, 2) + " " + (D.texts[lang]["unit." + unit] || unit); }
  function measuredText(clause, row) {
    var sign = clause.op === ">=" ? "≥ " : "≤ ", unit = clause.unit;
    var need = row[3] === null ? "" : t("map.required", { value: sign + amount(row[3], unit) });
    if (row[2] === null) { return need || t(OUTCOMES[row[1]] === "PASS" ? "map.no_object" : "map.no_fact"); }
    return t("map.measured", { value: amount(row[2], unit) }) + (need ? " · " + need : "");
  }
  function checks(rows) {
    return "<ul class='checks'>" + rows.map(function (row) {
      var clause = D.clauses[row[0]];
      return "<li><span class='mark o" + row[1] + "' title='" + esc(t("outcome." + OUTCOMES[row[1]])) + "'>" + MARKS[row[1]] + "</span>" +
        "<div class='what'>" + esc(title(clause)) + " <span class='force'>" + esc(t("force." + clause.force)) + "</span></div>" +
        "<div class='how'>" + esc(t("outcome." + OUTCOMES[row[1]])) + " · " + esc(measuredText(clause, row)) + (row[4] ? " · " + esc(row[4]) : "") + "</div>" +
        "<div class='law'>" + esc(law(clause)) + " · " + esc(t("confidence." + clause.confidence)) + "</div></li>";
    }).join("") + "</ul>";
  }
  function tally(rows, passed) {
    var counts = [0, 0, 0, passed || 0];
    rows.forEach(function (row) { counts[row[1]] += 1; });
    return counts.map(function (n, k) { return n ? "<span class='chip " + CHIPS[OUTCOMES[k]] + "'>" + MARKS[k] + " " + esc(t("outcome." + OUTCOMES[k])) + " " + n + "</span>" : ""; }).reverse().join(" ");
  }
  function when(s) { return (s.z ? s.z + " " : "") + t("tier." + s.r); }
  function cable(s) { return s.j - s.u < 0.05 ? t("map.cable_straight", { m: num(s.j, 1) }) : t("map.cable_around", { m: num(s.j, 1), s: num(s.u, 1) }); }
  function garage(g) {
    return [g[0], g[1] === null ? t("map.level_unknown") : g[1] > 0 ? t("map.level_down", { n: num(g[1]) }) : t("map.level_ground"),
      g[2] === null ? "" : t("map.fire_unit", { n: g[2] }), g[3] === null ? "" : t("map.unit_stalls", { n: num(g[3]) })].filter(Boolean).join(" · ");
  }
  function siteCard(s) {
    return "<div class='card'>" + top(s.n || s.c, t("kind." + s.k) + " · " + s.i, "<span class='num'>" + s.number + "</span>") + "<div class='body'><dl>" +
      (s.z || s.r !== "implement" ? fact("tier", when(s)) : "") + fact("ports", num(s.p)) + fact("bays", num(s.b)) + fact("power", num(s.w, 1) + " kW") +
      fact("served", t("map.vehicles", { n: cars(s.v) })) + fact("households", t("map.homes", { n: num(s.h) })) + fact("cost", t("map.yuan", { n: num(s.y) })) +
      fact("clearance", amount(s.e, "m")) + fact("farthest", s.l ? amount(s.f, "m") : "–") + fact("transformer", s.t || t("map.unknown")) + (s.j === undefined ? "" : fact("cable", cable(s))) + (s.g2 === undefined ? "" : fact("garage", garage(s.g2))) + (s.a ? "<div><dt>" + esc(t("signed.waiver")) + "</dt><dd>" + esc(s.a) + "</dd></div>" : "") +
      "</dl><h4>" + esc(t("map.checklist")) + " " + tally(s.x) + "</h4>" + checks(s.x) + "</div></div>";
  }
  function moveText(g) {
    if (g[2] !== "moved") { return t(g[2] === "layout" ? "map.move_layout" : "map.move_none"); }
    return t("map.move_by", { m: num(Math.sqrt(g[0] * g[0] + g[1] * g[1]), 2), dx: num(g[0], 2), dy: num(g[1], 2) });
  }
  function candidateCard(c) {
    return "<div class='card'>" + top(t("kind." + c.k), c.i) + "<div class='body'><p>" + chip(c.o) + " " + esc(t(c.a ? "map.lawful" : "map.refused_because")) + "</p><dl>" +
      fact("bays", num(c.b)) + fact("ports", num(c.p)) + fact("cost", t("map.yuan", { n: num(c.y) })) + (c.v ? fact("move", moveText(c.v)) : "") +
      "</dl><h4>" + esc(t("map.checklist")) + " " + tally(c.x, c.q - c.x.length) + "</h4>" + checks(c.x) + "</div></div>";
  }
  function buildingCard(b) {
    var facts = fact("use", t("use." + b.u)) + fact("levels", num(b.l)) + fact("homes_here", num(b.h)), walks = "";
    if (b.t) {
      facts += fact("demand", t("map.vehicles", { n: cars(b.d) })) + fact("served", t("map.vehicles", { n: cars(b.v) })) + fact("service", t("service." + b.t));
      walks = "<h4>" + esc(t("map.served_by")) + "</h4>" + (b.w ? "<ul class='walks'>" + b.w.map(function (w) {
        var s = D.sites[w[0]];
        return "<li><span class='num'>" + s.number + "</span><button type='button' data-site='" + w[0] + "'>" + esc(s.n || s.c) + "</button><em>" + esc(t("map.walk", { m: num(w[1]), n: cars(w[2]) })) + "</em></li>";
      }).join("") + "</ul>" : "<p>" + esc(t("map.nobody", { m: num(D.summary.radius_m) })) + "</p>");
    }
    return "<div class='card'>" + top(b.n || b.i, b.n ? b.i : t("map.building")) + "<div class='body'><dl>" + facts + "</dl>" + walks + "</div></div>";
  }
  function compoundCard(c) {
    return "<div class='card'>" + top(c.n || c.i, c.n ? c.i : t("map.compound")) + "<div class='body'>" +
      (c.s === "ready" ? "" : "<p><span class='chip warn'>" + esc(t("state." + c.s)) + "</span> " + esc(t("map.survey_first")) + "</p>") + "<dl>" +
      fact("homes_here", num(c.h)) + fact("demand", t("map.vehicles", { n: cars(c.d) })) + fact("served", t("map.vehicles", { n: cars(c.v) })) +
      fact("sites", num(c.m)) + fact("candidates", num(c.k)) + fact("lawful_candidates", num(c.a)) + "</dl></div></div>";
  }
  var CARDS = { sites: siteCard, pins: siteCard, accepted: candidateCard, refused: candidateCard, buildings: buildingCard, compounds: compoundCard };
  var TIPS = {
    pins: siteTip, sites: siteTip,
    accepted: function (c) { return esc(t("kind." + c.k)) + " · " + esc(t("map.n_ports", { n: num(c.p) })) + " " + chip(c.o); },
    refused: function (c) { return esc(t("kind." + c.k)) + " " + chip(c.o) + (c.x.length ? "<br>" + esc(title(D.clauses[c.x[0][0]])) : ""); },
    buildings: function (b) { return "<b>" + esc(b.n || b.i) + "</b> · " + esc(t("use." + b.u)) + (b.t ? "<br>" + esc(t("service." + b.t)) + " · " + esc(t("map.of_vehicles", { v: cars(b.v), d: cars(b.d) })) : ""); },
    compounds: function (c) { return "<b>" + esc(c.n || c.i) + "</b><br>" + esc(t("map.of_vehicles", { v: cars(c.v), d: cars(c.d) })); },
    roads: function (r) { return r.n ? esc(r.n) : null; },
    parking: function (p) { return esc(p.n || t("map.parking")) + (p.c ? " · " + esc(t("map.stalls", { n: num(p.c) })) : ""); },
    barriers: function (g) { return esc(t("map.gate")); },
    marks: function (m) { return (m.n ? "<b>" + esc(m.n) + "</b> · " : "") + esc(t("obstacle." + m.k)); },
    power: function (p) { return "<b>" + esc(p.n || p.i) + "</b> · " + esc(t("map.transformer")) + "<br>" + esc(p.s === undefined ? t("map.spare_unknown") : t("map.spare", { kva: num(p.s) })); },
    links: function (w) { return esc(t("map.walk", { m: num(w[1]), n: cars(w[2]) })); }
  };
  function siteTip(s) { return "<b>" + s.number + " " + esc(s.n || s.c) + "</b> · " + esc(t("kind." + s.k)) + "<br>" + esc(t("map.n_ports", { n: num(s.p) })) + " · " + esc(t("map.serves", { n: cars(s.v) })) + " · " + esc(t("map.yuan", { n: num(s.y) })); }

  function hint(shape, name) {
    if (!shape.datum || TIPS[name](shape.datum) === null) { return; }
    shape.bindTooltip(function (layer) { return TIPS[name](layer.datum); }, { sticky: name !== "pins", opacity: 0.97 });
  }

  var POPUP = { maxWidth: 380, minWidth: 300, autoPanPaddingTopLeft: [20, 20], autoPanPaddingBottomRight: [60, 20] };
  function bind() {
    Object.keys(TIPS).forEach(function (name) {
      if (name !== "links") { groups[name].eachLayer(function (shape) { hint(shape, name); }); }
    });
    Object.keys(CARDS).forEach(function (name) {
      groups[name].eachLayer(function (shape) { shape.bindPopup(function (layer) { return CARDS[name](layer.datum); }, POPUP); });
    });
    Object.keys(zoneGroups).forEach(function (c) {
      zoneGroups[c].bindTooltip(function () { var k = D.clauses[c]; return "<b>" + esc(title(k)) + "</b><br>" + esc(law(k)); }, { sticky: true });
    });
    ["pins", "sites"].forEach(function (name) { groups[name].on("click", function (event) { select(event.layer.datum); }); });
    groups.buildings.on("click", function () { select(null); });
    map.on("popupclose", function () { window.setTimeout(function () { if (!map._popup || !map._popup.isOpen()) { select(null); } }, 0); });
    byId("map").addEventListener("click", function (event) {
      var site = event.target.getAttribute && event.target.getAttribute("data-site");
      if (site !== null && site !== undefined) { go(D.sites[Number(site)]); }
    });
  }
  function select(site) {
    if (selected) { L.DomUtil.removeClass(selected.pin.getElement(), "on"); }
    groups.links.clearLayers(); groups.picked.clearLayers();
    selected = site;
    if (site) {
      L.DomUtil.addClass(site.pin.getElement(), "on");
      var from = site.shape.getBounds().getCenter();
      D.buildings.forEach(function (b) {
        (b.w || []).forEach(function (w) {
          if (D.sites[w[0]] !== site) { return; }
          groups.picked.addLayer(L.polygon(areas(b.g), still({ color: "#b0490a", weight: 2.4, fill: false })));
          /* the walk as it was measured; without one (the site stands at the building, an old run) a spoke */
          var line = L.polyline(w[3] ? paths(w[3]) : [from, b.shape.getBounds().getCenter()], { color: "#b0490a", weight: 2.2, dashArray: w[3] ? null : "2 5", opacity: 0.95 });
          line.datum = w;
          hint(line, "links");
          groups.links.addLayer(line);
        });
      });
    }
    Array.prototype.forEach.call(document.querySelectorAll("table.sites tbody tr"), function (row) { row.className = site && Number(row.getAttribute("data-row")) === site.number ? "on" : ""; });
    stack();
  }
  function go(site) {
    map.closePopup();
    map.setView(site.pin.getLatLng(), Math.max(map.getZoom(), 17.5), { animate: false });
    select(site);
    site.pin.openPopup();
  }

  /* Panel */
  var LAYERS = [
    { id: "sites", groups: ["sites", "pins"], on: true, mark: ["dot", "site"], count: D.sites.length },
    { id: "links", groups: ["picked", "links"], on: true, mark: ["dash", "#b0490a"] },
    { id: "accepted", groups: ["accepted"], on: false, mark: ["box", "#bfe3da", "accepted"], count: D.candidates.filter(function (c) { return c.a; }).length },
    { id: "refused", groups: ["refused"], on: false, mark: ["dashbox", "#f3d3d3", "refused"], count: D.candidates.filter(function (c) { return !c.a; }).length },
    { id: "zones", groups: [], on: false, mark: ["hatch", "zone"], count: D.zones.length },
    { id: "service", groups: [], on: true, mark: ["box", "served", "#6f7f8b"] },
    { id: "buildings", groups: ["buildings"], on: true, mark: ["box", "building", "#aaa497"], count: D.buildings.length },
    { id: "compounds", groups: ["compounds", "outlines", "names"], on: true, mark: ["dashbox", "#fdfaf3", "compound"], count: D.compounds.length },
    { id: "roads", groups: ["roads"], on: true, mark: ["road"] },
    { id: "green", groups: ["green"], on: true, mark: ["box", "green", "#a9c79a"] },
    { id: "parking", groups: ["parking"], on: true, mark: ["box", "parking", "#a9b1c4"], count: D.parking.length },
    { id: "barriers", groups: ["barriers"], on: true, mark: ["line", "barrier"] },
    { id: "marks", groups: ["marks"], on: true, mark: ["dot", "hydrant"], count: D.marks.length },
    { id: "power", groups: ["power"], on: true, mark: ["dot", "power"], count: D.transformers.length }
  ];
  var zonesOn = {};
  function colour(name) { return PALETTE[name] || name; }
  function swatch(mark) {
    var kind = mark[0], a = colour(mark[1]), b = colour(mark[2] || mark[1]), inner = {
      dot: "<circle cx='9' cy='7' r='5' fill='" + a + "'/>",
      dash: "<path d='M1 7H17' stroke='" + a + "' stroke-width='2' stroke-dasharray='2 3'/>",
      line: "<path d='M1 7H17' stroke='" + a + "' stroke-width='2'/>",
      road: "<path d='M0 7H18' stroke='#cbc5b8' stroke-width='7'/><path d='M0 7H18' stroke='#fff' stroke-width='4.5'/>",
      box: "<rect x='1.5' y='1.5' width='15' height='11' fill='" + a + "' stroke='" + b + "' stroke-width='1.4'/>",
      dashbox: "<rect x='1.5' y='1.5' width='15' height='11' fill='" + a + "' stroke='" + b + "' stroke-width='1.4' stroke-dasharray='3 2'/>",
      hatch: "<rect x='1' y='1' width='16' height='12' fill='#fff' stroke='" + a + "'/><path d='M1 8L8 1M1 13L13 1M6 13L17 2M12 13L17 8' stroke='" + a + "'/>"
    }[kind];
    return "<svg width='18' height='14' viewBox='0 0 18 14' aria-hidden='true'>" + inner + "</svg>";
  }
  function tick(id, on, label, mark, count) {
    return "<label class='layer" + (on ? "" : " off") + "'><input type='checkbox' data-layer='" + id + "'" + (on ? " checked" : "") + ">" + swatch(mark) + "<span>" + esc(label) + "</span>" + (count === undefined ? "" : "<em>" + num(count) + "</em>") + "</label>";
  }
  function key(items) { return "<div class='key'>" + items.map(function (item) { return "<span>" + swatch(item[0]) + esc(item[1]) + "</span>"; }).join("") + "</div>"; }
  function panelLayers() {
    byId("layers").innerHTML = LAYERS.filter(function (layer) { return layer.count !== 0 || layer.id === "sites"; }).map(function (layer) {
      var html = tick(layer.id, layer.on, t("map.layer_" + layer.id), layer.mark, layer.count);
      if (layer.id === "service" && layer.on) { html += key(["served", "partly", "unserved"].map(function (s) { return [["box", s, "#6f7f8b"], t("service." + s)]; })); }
      if (layer.id === "buildings") { html += key([[["box", "sensitive", "#8d6a88"], t("map.sensitive")], [["box", "building", "#aaa497"], t("map.other")]]); }
      if (layer.id === "marks") { html += key(["hydrant", "sensitive", "hazard", "other"].map(function (k) { return [["dot", MARK_COLOURS[k]], t("map.mark_" + k)]; })); }
      if (layer.id === "zones" && layer.on) { html += "<div class='sub'>" + D.zones.map(function (z) { return tick("zone:" + z.c, zonesOn[z.c], title(D.clauses[z.c]), ["hatch", "zone"], z.n); }).join("") + "</div>"; }
      return html;
    }).join("");
  }
  function summary() {
    var s = D.summary, share = s.budget_cny ? Math.min(1, s.spent_cny / s.budget_cny) : 0;
    byId("summary").innerHTML = "<div class='coverage'><b>" + percent(s.coverage) + "</b><span>" + esc(t("map.coverage_" + s.vehicle)) + "<br>" + esc(t("map.of_vehicles", { v: num(s.served), d: num(s.demand) })) + "</span></div>" +
      "<div class='meter'><i style='width:" + (100 * (s.coverage || 0)) + "%'></i></div>" +
      "<div class='figures'><div><b>" + num(s.sites) + "</b><span>" + esc(t("map.sites")) + "</span></div><div><b>" + num(s.ports) + "</b><span>" + esc(t("map.ports")) + "</span></div><div><b>" + num(s.households_served) + "</b><span>" + esc(t("map.households")) + "</span></div></div>" +
      "<div class='moneyline'><span>" + esc(t("map.spent")) + " <b>" + esc(t("map.yuan", { n: num(s.spent_cny) })) + "</b></span><span>" + esc(s.budget_cny === null ? t("map.no_budget") : t("map.budget", { n: num(s.budget_cny) })) + "</span></div><div class='meter money'><i style='width:" + 100 * share + "%'></i></div>" +
      "<p class='words'><span class='chip " + (s.status === "proven" ? "good" : "warn") + "'>" + esc(t("status." + s.status)) + "</span> " + esc(t(s.words, { gap: s.gap })) + "</p>" +
      "<p class='words'>" + (s.findings === null ? "<span class='chip none'>" + esc(t("map.not_audited")) + "</span>" : "<span class='chip " + (s.findings ? "bad" : "good") + "'>" + esc(t(s.findings ? "map.findings" : "map.clean", { n: s.findings })) + "</span> " + esc(t("map.audit_words", { n: num(s.checks) }))) + "</p>" +
      s.reasons[lang].map(function (reason) { return "<p class='words'>" + esc(reason) + "</p>"; }).join("");
  }
  function sitesTable() {
    byId("sites").innerHTML = D.sites.length ? "<table class='sites'><thead><tr><th></th><th class='place'>" + esc(t("map.compound")) + "</th><th>" + esc(t("map.ports")) + "</th><th>" + esc(t("map.served")) + "</th><th>" + esc(t("map.cost_short")) + "</th></tr></thead><tbody>" + D.sites.map(function (s) {
      return "<tr data-row='" + s.number + "'><td><span class='num'>" + s.number + "</span></td><td class='place'>" + esc(s.n || s.c) + (s.z || s.r !== "implement" ? " <small>" + esc(when(s)) + "</small>" : "") + "</td><td>" + num(s.p) + "</td><td>" + num(s.v) + "</td><td>" + num(s.y) + "</td></tr>";
    }).join("") + "</tbody></table>" : "<p class='words'>" + esc(t("map.no_sites")) + "</p>";
  }
  function write() {
    document.documentElement.lang = lang;
    document.title = D.name + " · " + t("map.title");
    byId("name").textContent = D.name;
    byId("subtitle").textContent = D.summary.profile[lang] + " · " + t("map.on_date", { date: D.date }) + " · " + t("map.radius", { m: num(D.summary.radius_m) });
    byId("banner").hidden = !D.synthetic;
    byId("banner").textContent = t("page.synthetic");
    Array.prototype.forEach.call(document.querySelectorAll("[data-t]"), function (node) { node.textContent = t(node.getAttribute("data-t")); });
    Array.prototype.forEach.call(document.querySelectorAll("[data-lang]"), function (node) { node.className = node.getAttribute("data-lang") === lang ? "on" : ""; });
    byId("credit").innerHTML = "<p>" + esc(D.credit) + "</p><p>" + esc(t("map.note_walk")) + "</p><p>" + esc(t("map.note_law")) + "</p>";
    summary(); panelLayers(); sitesTable();
    if (selected) { select(selected); }
  }
  function show(group, on) { if (on) { map.addLayer(group); } else { map.removeLayer(group); } }
  function stack() {
    ORDER.forEach(function (name) {
      if (name === "zones") { D.zones.forEach(function (z) { if (map.hasLayer(zoneGroups[z.c])) { zoneGroups[z.c].bringToFront(); } }); }
      else if (map.hasLayer(groups[name])) { groups[name].bringToFront(); }
    });
  }
  function apply() {
    LAYERS.forEach(function (layer) { layer.groups.forEach(function (name) { show(groups[name], layer.on); }); });
    var zones = layerOf("zones").on;
    D.zones.forEach(function (z) { show(zoneGroups[z.c], zones && zonesOn[z.c]); });
    serviceOn = layerOf("service").on;
    groups.buildings.eachLayer(function (shape) { shape.setStyle(buildingLook(shape.datum)); });
    labels(); stack();
  }
  function layerOf(id) { return LAYERS.filter(function (layer) { return layer.id === id; })[0]; }
  /* A name stands in the middle of its compound, or above or below it where a pin would cover it; else nowhere. */
  function clear(box, wide) {
    var pins = layerOf("sites").on ? D.sites.map(function (s) { return map.latLngToLayerPoint(s.pin.getLatLng()); }) : [];
    var middle = map.latLngToLayerPoint(box.getCenter()), room = (map.latLngToLayerPoint(box.getSouthEast()).y - middle.y) - 14;
    var found = [0, -24, 24, -48, 48, -72, 72].filter(function (dy) {
      return Math.abs(dy) <= Math.max(0, room) && pins.every(function (p) { return Math.abs(p.x - middle.x) > wide / 2 + 10 || Math.abs(p.y - middle.y - dy) > 19; });
    });
    return found.length ? map.layerPointToLatLng([middle.x, middle.y + found[0]]) : null;
  }
  function labels() {
    var on = layerOf("compounds").on;
    groups.compounds.eachLayer(function (shape) {
      if (!shape.label) { return; }
      var box = shape.getBounds(), width = map.latLngToLayerPoint(box.getSouthEast()).x - map.latLngToLayerPoint(box.getNorthWest()).x;
      var wide = 7.5 * shape.datum.n.replace(/[^\x00-\xff]/g, "xx").length, at = on && width > wide ? clear(box, wide) : null;
      if (at) { shape.label.setLatLng(at); }
      show(shape.label, Boolean(at));
    });
  }
  function widths() {
    var z = map.getZoom(), w = Math.max(1.4, Math.min(14, Math.pow(2, z - 16) * 2.6));
    groups.roads.eachLayer(function (line) {
      if (line.options.casing) { line.setStyle({ weight: w + 1.6 }); } else if (line.options.core) { line.setStyle({ weight: w }); }
    });
    labels();
  }

  /* Start */
  function options() {
    var found = {};
    (window.location.search.slice(1) + "&" + window.location.hash.slice(1)).split("&").forEach(function (pair) { var p = pair.split("="); if (p[0]) { found[p[0]] = decodeURIComponent(p[1] || ""); } });
    return found;
  }
  function home(animate) {
    var box = groups.compounds.getLayers().length ? groups.compounds.getBounds() : L.latLngBounds([].concat.apply([], areas(D.area)[0]));
    map.fitBounds(box, { padding: [24, 24], animate: animate });
  }
  var asked = options();
  if (D.texts[asked.lang]) { lang = asked.lang; }
  D.zones.forEach(function (z) { zonesOn[z.c] = true; });
  (asked.layers || "").split(",").forEach(function (id) { var layer = layerOf(id.replace("-", "")); if (layer) { layer.on = id.charAt(0) !== "-"; } });
  map.setView([D.origin[1], D.origin[0]], 15);
  drawGround(); drawPlan(); bind(); home(false); apply(); widths(); write();
  map.attributionControl.addAttribution(esc(D.credit));
  map.on("zoomend", widths);
  byId("layers").addEventListener("change", function (event) {
    var id = event.target.getAttribute("data-layer");
    if (id.indexOf("zone:") === 0) { zonesOn[id.slice(5)] = event.target.checked; } else { layerOf(id).on = event.target.checked; }
    apply(); panelLayers();
  });
  byId("panel").addEventListener("click", function (event) {
    var wanted = event.target.getAttribute("data-lang"), row = event.target;
    if (wanted) { lang = wanted; map.closePopup(); write(); return; }
    while (row && row !== this && !(row.getAttribute && row.getAttribute("data-row"))) { row = row.parentNode; }
    if (row && row !== this) { go(D.sites[Number(row.getAttribute("data-row")) - 1]); }
  });
  /* Paper: the map takes the size that map.css gives it in print before the browser lays the page out. */
  function refit() { map.invalidateSize({ animate: false, pan: false }); home(false); widths(); }
  window.addEventListener("beforeprint", function () { document.documentElement.className = "paper"; refit(); });
  window.addEventListener("afterprint", function () { document.documentElement.className = ""; refit(); });
  if (asked.site && D.sites[Number(asked.site) - 1]) { go(D.sites[Number(asked.site) - 1]); }
  if (asked.building) { D.buildings.forEach(function (b) { if (b.i === asked.building) { map.setView(b.shape.getBounds().getCenter(), 18, { animate: false }); b.shape.openPopup(); } }); }
  if (asked.candidate) { D.candidates.forEach(function (c) { if (c.i === asked.candidate) { map.setView(c.shape.getBounds().getCenter(), 18.5, { animate: false }); c.shape.openPopup(); } }); }
  document.documentElement.setAttribute("data-drawn", String(drawn));
  document.documentElement.setAttribute("data-polygons", String(D.buildings.length + D.compounds.length + D.candidates.length + D.sites.length));
  document.documentElement.setAttribute("data-errors", String(errors));
}());
