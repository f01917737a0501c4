"""Where everything of a plot stands; the templates draw it as SVG."""
