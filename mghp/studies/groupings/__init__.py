"""The study of ways to group pixels: the projection field, nearest keypoints, centres and regressed keypoints."""
