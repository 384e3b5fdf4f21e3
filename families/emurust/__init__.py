"""Game Boy games of emurust, held to PyBoy."""
