"""The documents' typeface: Noto Sans Bengali with the Latin of Noto Sans (SIL OFL 1.1, see OFL.txt)."""
