"""Table P4, its figures and its reading: does training through the matcher help?"""
