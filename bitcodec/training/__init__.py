"""Everything that needs a Trainer: module, data, callbacks, and the export of what came out."""
