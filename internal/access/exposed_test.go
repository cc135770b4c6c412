package access

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/readers"
)

const (
	system, admins, users, everyone, alice = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545", "S-1-1-0", "S-1-5-21-1-2-3-1001"
	authenticated                          = "S-1-5-11"
	full, modify, readExecute              = 0x1f01ff, 0x1301bf, 0x1200a9
)

// TestWhoMayChangeAFile goes through what folders of a real Windows have.
func TestWhoMayChangeAFile(t *testing.T) {
	allow := func(sid string, mask uint32) entry { return entry{sid: sid, mask: mask} }
	safe := []entry{allow(system, full), allow(admins, full), allow(users, readExecute)}
	for _, c := range []struct {
		what string
		role role
		access
		want string // who may change it
	}{
		{"Program Files", itsDir, access{owner: "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", entries: safe}, ""},
		{"a file of the administrators", theFile, access{owner: admins, entries: safe}, ""},
		{"its owner is a user", theFile, access{owner: alice, entries: safe}, alice},
		{"a user may write", theFile, access{owner: admins, entries: append(safe, allow(alice, 0x2))}, alice},
		{"a user may append", theFile, access{owner: admins, entries: append(safe, allow(alice, 0x4))}, alice},
		{"a user may delete", theFile, access{owner: admins, entries: append(safe, allow(alice, 0x10000))}, alice},
		{"a user may take it", theFile, access{owner: admins, entries: append(safe, allow(alice, 0x80000))}, alice},
		{"a user may write attributes", theFile, access{owner: admins, entries: append(safe, allow(alice, 0x100))}, ""},
		{"generic write", theFile, access{owner: admins, entries: []entry{allow(everyone, 0x40000000)}}, everyone},
		{"a folder made in C:\\", itsDir, access{owner: admins, entries: append(safe, allow(authenticated, modify))}, authenticated},
		{"the root of C:", theRoot, access{owner: admins, entries: append(safe, allow(authenticated, 0x4),
			entry{sid: authenticated, mask: 0xe0010000, inheritOnly: true})}, ""},
		{"files may be added beside it", itsDir, access{owner: admins, entries: append(safe, allow(users, 0x2))}, users},
		{"files may be added above", aboveDir, access{owner: admins, entries: append(safe, allow(users, 0x6))}, ""},
		{"what is in it may be deleted", aboveDir, access{owner: admins, entries: append(safe, allow(users, 0x40))}, users},
		{"a denial is no right", theFile, access{owner: admins, entries: append(safe, entry{deny: true, sid: alice, mask: full})}, ""},
		{"a denial is no comfort", theFile, access{owner: admins, entries: []entry{{deny: true, sid: alice, mask: full}, allow(users, modify)}}, users},
		{"no list at all", theFile, access{owner: admins, null: true}, everyone},
		{"an empty list", theFile, access{owner: admins}, ""},
		{"the service's own account", itsDir, access{owner: admins, entries: append(safe, allow(readers.ServiceSID("shop"), modify))}, readers.ServiceSID("shop")},
		{"CREATOR OWNER", itsDir, access{owner: admins, entries: append(safe, allow("S-1-3-0", full))}, ""},
		{"OWNER RIGHTS", theFile, access{owner: admins, entries: append(safe, allow("S-1-3-4", full))}, ""},
		{"OWNER RIGHTS of a user", theFile, access{owner: alice, entries: append(safe, allow("S-1-3-4", full))}, alice},
		{"the account Administrator", theFile, access{owner: "S-1-5-21-1-2-3-500", entries: safe}, ""},
	} {
		if got, what := c.finding(c.role, ""); got != c.want || (what == "") != (c.want == "") {
			t.Errorf("%s: %q %q, want %q", c.what, got, what, c.want)
		}
	}
	own := access{owner: alice, entries: []entry{allow(alice, full)}}
	if got, _ := own.finding(theFile, alice); got != "" {
		t.Errorf("the administrator who installs counts as %s", got)
	}
}

func TestFoldersAccess(t *testing.T) {
	p := Places{Root: "r", Service: "s", Config: "c", State: "st", Logs: "l", Run: "ru"}
	writable := map[string]bool{}
	for _, d := range p.descriptors("S-1-5-80-1") {
		if !strings.HasPrefix(d.sddl, "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)") {
			t.Errorf("%s isn't protected, or not the administrators': %s", d.path, d.sddl)
		}
		writable[d.path] = strings.Contains(d.sddl, "(A;OICI;0x1301bf;;;S-1-5-80-1)")
		if !writable[d.path] && d.path != "r" && !strings.Contains(d.sddl, "(A;OICI;0x1200a9;;;S-1-5-80-1)") {
			t.Errorf("the service can't read %s: %s", d.path, d.sddl)
		}
	}
	for _, d := range p.usersOwn(alice) {
		if d.sddl != "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;"+alice+")" {
			t.Errorf("a user's own %s: %s", d.path, d.sddl)
		}
	}
	for path, want := range map[string]bool{"r": false, "s": false, "c": false, "st": true, "l": true, "ru": true} {
		if writable[path] != want {
			t.Errorf("the service may write to %s: %v, want %v", path, writable[path], want)
		}
	}
}

func TestWhatAServiceMayRead(t *testing.T) {
	own := readers.ServiceSID("shop")
	for _, c := range []struct {
		what string
		access
		want bool
	}{
		{"administrators alone", access{entries: []entry{{sid: admins, mask: full}}}, false},
		{"users", access{entries: []entry{{sid: users, mask: readExecute}}}, true},
		{"the service", access{entries: []entry{{sid: own, mask: readExecute}}}, true},
		{"another service", access{entries: []entry{{sid: readers.ServiceSID("x"), mask: readExecute}}}, false},
		{"read by one, execute by another", access{entries: []entry{{sid: users, mask: 0x1}, {sid: own, mask: 0x20}}}, true},
		{"no execute", access{entries: []entry{{sid: users, mask: 0x1}}}, false},
		{"denied", access{entries: []entry{{deny: true, sid: everyone, mask: full}, {sid: users, mask: full}}}, false},
		{"only what is in the folder", access{entries: []entry{{sid: users, mask: full, inherits: 0xb, inheritOnly: true}}}, false},
		{"no list", access{null: true}, true},
	} {
		if got := c.reads(own); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}
