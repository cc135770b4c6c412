package version

// image is the path: an executable that runs can be renamed, and Windows has no other name for it.
func image(path string) string { return path }
