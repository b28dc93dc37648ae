"""The chat widget: JavaScript modules, served to any site without a build step."""
