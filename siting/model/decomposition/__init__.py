"""Problems of many pieces: price money and quotas, solve the pieces apart, put their plans together again."""
