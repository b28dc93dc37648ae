"""Where an answer begins and ends: values keep their signs and units, enumerations have items. Pure."""
