package access

import (
	"fmt"

	"github.com/daruma-sh/daruma/service/manager"
)

// Places are the folders of one service, absolute paths. Root is what those of all services are in, "" where that is the
// system's own (Linux), or somebody's.
type Places struct {
	Root, Service    string
	Config           string
	State, Logs, Run string
}

// Rights in a security descriptor's text (SDDL): what icacls calls F, M and RX.
const (
	rightsFull   = "FA"
	rightsModify = "0x1301bf" // everything but deleting what others own, and changing access or owner
	rightsRead   = "0x1200a9"
)

// descriptors are the access lists that Protect gives the folders, from the outside in: SYSTEM and administrators everything; the
// service's own SID reads and executes in its folder and writes to logs, state and run alone. Protected (P): nothing comes
// from %ProgramData%, where everybody may create files. Owner is the administrators' group, because an owner may always change
// the access list.
func (p Places) descriptors(sid string) []descriptor {
	const head, tail = "O:BAG:BAD:P", "(A;OICI;" + rightsFull + ";;;SY)(A;OICI;" + rightsFull + ";;;BA)"
	own := func(rights string) string { return fmt.Sprintf("%s%s(A;OICI;%s;;;%s)", head, tail, rights, sid) }
	return []descriptor{
		// Users see which services there are, for daruma status, and nothing of them.
		{p.Root, head + tail + "(A;;" + rightsRead + ";;;BU)"},
		{p.Service, own(rightsRead)},
		{p.Config, own(rightsRead)},
		{p.State, own(rightsModify)},
		{p.Logs, own(rightsModify)},
		{p.Run, own(rightsModify)},
	}
}

// usersOwn are those of the folders of a user who isn't an administrator.
func (p Places) usersOwn(user string) []descriptor {
	list := "D:P(A;OICI;" + rightsFull + ";;;SY)(A;OICI;" + rightsFull + ";;;BA)(A;OICI;" + rightsFull + ";;;" + user + ")"
	return []descriptor{{p.Service, list}, {p.State, list}, {p.Logs, list}, {p.Run, list}}
}

type descriptor struct{ path, sddl string }

// Protect makes the folders of the service with this name and gives them their access lists. What it changes it tells, and with
// dryRun only that.
//
// Linux: Config alone, for root; systemd makes the rest and gives it to the service's account (Supervision.Folders).
// Windows: all of them. One that belongs to another user than the administrator who is installing is refused: that user could
// have it open, and keep the right to change its access list. What is in them and belongs to an ordinary user is given to the
// administrators, with the access of its folder.
func Protect(name string, p Places, dryRun bool) ([]manager.Change, error) {
	return protect(name, p, dryRun)
}
