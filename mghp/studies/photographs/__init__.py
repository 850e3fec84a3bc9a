"""The study of photographs: scores against what humans have annotated, beside what needs no learning."""
