package main

import (
	"fmt"
	"time"
)

// forDebian gives the files of an installation the form that Debian's policy asks for: the licence by its name in common-licenses (12.5), a
// changelog of the package (12.7), and the reason why Go's executables link nothing, for lintian.
func (r release) forDebian(all []file) []file {
	const docs = "/usr/share/doc/daruma/"
	for i := range all {
		if all[i].name == docs+"copyright" {
			all[i].data = []byte(`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: daruma
Source: https://github.com/daruma-sh/daruma

Files: *
Copyright: The daruma authors
License: Apache-2.0
 On Debian systems the text of the licence is in
 /usr/share/common-licenses/Apache-2.0.
`)
		}
	}
	changes := fmt.Sprintf("daruma (%s-1) stable; urgency=medium\n\n  * The changes of this release are in changelog.gz.\n\n -- The daruma authors <packages@daruma.sh>  %s\n",
		r.version, r.date.Format(time.RFC1123Z))
	static := ""
	for _, name := range commands() {
		static += fmt.Sprintf("# Go links statically, and needs no library of the system.\ndaruma: statically-linked-binary [usr/bin/%s]\n", name)
	}
	return sorted(append(all, file{docs + "changelog.Debian.gz", 0o644, compressed([]byte(changes))}, file{"/usr/share/lintian/overrides/daruma", 0o644, []byte(static)}))
}
