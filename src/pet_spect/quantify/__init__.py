"""From volumes and regions to uptake, ratios, changes and statistics: arrays and numbers only."""
