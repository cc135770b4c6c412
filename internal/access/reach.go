package access

import "fmt"

// Unreachable tells why the account couldn't read the file at path, or with execute run it: an *[UnreachableError]; nil: it can, or that
// isn't known. groups are those that the service is in beside the account's own; one that isn't there is left out.
// Linux alone: on Windows services read what all users may, and the access that the file has tells the rest.
func Unreachable(path, account string, execute bool, groups ...string) error {
	return unreachable(path, account, execute, groups)
}

// UnreachableError is what Unreachable found.
type UnreachableError struct {
	Path    string // that was asked for
	Account string
	Verb    string // read, execute, enter
	Where   string // where the path leads, or a folder above that
	File    bool   // it is the file's own mode, not a folder's
	Remedy  string
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s: account %s may not %s %s (%s)", e.Path, e.Account, e.Verb, e.Where, e.Remedy)
}
