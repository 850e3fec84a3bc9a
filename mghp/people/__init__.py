"""What a person is: skeletons of each dataset."""
