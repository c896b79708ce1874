"""Facts: from foreign files to one frozen `District`; `build.read_district` is the way in."""
