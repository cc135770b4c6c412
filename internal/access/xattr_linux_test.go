package access

import "golang.org/x/sys/unix"

func setXattr(path string, acl []byte) error {
	return unix.Setxattr(path, "system.posix_acl_access", acl, 0)
}
