"""The reports: one module each, with `compute`; what people read about them is in `app/reports/definitions`."""
