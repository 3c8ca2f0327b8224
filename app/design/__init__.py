"""The pages' own parts on one page, for those who build pages."""
