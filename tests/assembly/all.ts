// The entry of as-pect's one binary: as-pect.config.js adds all specs to it.
