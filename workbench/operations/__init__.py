"""What the operator of an installation does: back it up, restore it, and ask whether it is sound."""
