"""The study of learned limb scores: does training through a matcher help them?"""
