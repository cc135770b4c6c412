package access

// Unreachable tells why the account couldn't read the file at path, or with execute run it; nil: it can, or that isn't known.
// Linux alone: on Windows services read what all users may, and the access that the file has tells the rest.
func Unreachable(path, account string, execute bool) error {
	return unreachable(path, account, execute)
}
