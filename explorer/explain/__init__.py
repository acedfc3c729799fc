"""What the network looked at: maps by several methods (one file each in `methods`), graded and packed for the page."""
