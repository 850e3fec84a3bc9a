"""What a person is: keypoints, limbs, parts, their mirror and colours; and the persons of one picture."""
