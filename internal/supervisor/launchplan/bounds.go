package launchplan

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
)

// Bounds are what the system gives the process that starts a service's programs: no program can get more. The zero value
// knows of none.
type Bounds struct {
	// Hard are the hard limits by the names of resources.rlimits: nofile, nproc … One that isn't known isn't in it. Linux.
	Hard map[string]uint64
	// Raise tells that it may go beyond them (CAP_SYS_RESOURCE, which root has).
	Raise bool
	// Capabilities are those that it may pass on, bit n for number n of capabilities(7); nil: they aren't known. Linux.
	Capabilities *uint64
	// User is the process' own; nil: it isn't known. Linux.
	User *int
}

// BoundsOf reads those of a process: this one, or a keeper. What can't be read is left out.
func BoundsOf(pid int) Bounds { return boundsOf(pid) }

// Refused says what keeps a service with these bounds from running a definition as it is written: what no daruma can enforce on this
// machine, and what is beyond the bounds. check, install, doctor, reload and the start go by it.
func (b Bounds) Refused(def *definition.Service) definition.Errors {
	return append(Unenforceable(def), b.Beyond(def)...)
}

// Beyond says what a definition asks for beyond the bounds, and what would allow it.
func (b Bounds) Beyond(def *definition.Service) (out definition.Errors) {
	for i := range def.Programs {
		p := &def.Programs[i]
		for _, r := range b.beyond(def.Name, p) {
			path := "programs." + p.Name + "." + r.field
			out = append(out, definition.Error{File: def.File, Pos: def.At(path), Path: path, Msg: r.why})
		}
	}
	return out
}

// Check gives the first thing that a program of the service asks for beyond the bounds, as an error with its field.
func (b Bounds) Check(service string, p *definition.Program) error {
	for _, r := range b.beyond(service, p) {
		return fmt.Errorf("%s %s", r.field, r.why)
	}
	return nil
}

func (b Bounds) beyond(service string, p *definition.Program) (list []unsupportedField) {
	for _, name := range p.Security.AddCapabilities {
		if number, _ := launch.Capability(name); b.Capabilities != nil && *b.Capabilities>>number&1 == 0 {
			list = append(list, unsupportedField{"securityContext.capabilities.add", fmt.Sprintf("names %s, which the service's own process hasn't got: "+
				"daruma install FILE and a restart give it, unless a drop-in takes it away (systemctl cat %s); in a terminal only root has it", name, service)})
		}
	}
	if b.otherUser(p.Security.RunAsUser) {
		list = append(list, unsupportedField{"securityContext.runAsUser", fmt.Sprintf("is %s, and daruma runs as the ordinary user %d here: only root can "+
			"start a program as another user. Remove it, or run daruma as root, or as a service of account: LocalSystem", p.Security.RunAsUser, *b.User)})
	}
	if b.Raise {
		return list
	}
	for _, l := range p.Rlimits {
		if hard, known := b.Hard[l.Name]; known && l.Hard > hard {
			list = append(list, unsupportedField{"resources.rlimits." + l.Name, beyondHard(service, l, hard)})
		}
	}
	return list
}

// otherUser says whether a program's user is another than the process', which it can't become.
func (b Bounds) otherUser(name string) bool {
	if name == "" || b.User == nil || b.Capabilities == nil || *b.Capabilities>>setuidCapability&1 != 0 {
		return false
	}
	account, err := launch.LookupUser(name)
	return err == nil && account.UID != *b.User // who isn't there is named at the start
}

// setuidCapability is the number of CAP_SETUID (capabilities(7)).
const setuidCapability = 7

// beyondHard says how to get more than the hard limit.
func beyondHard(service string, l definition.Rlimit, hard uint64) string {
	setting := settingOf(l.Name) + "=" + limitText(l.Hard)
	return fmt.Sprintf("is %s, and the hard limit that the service's processes have is %s: daruma install FILE and a restart give the unit %s, "+
		"unless a drop-in sets less (systemctl cat %s); in a terminal only root goes beyond ulimit -H", limitText(l.Hard), limitText(hard), setting, service)
}

func limitText(n uint64) string {
	if n == definition.Unlimited {
		return "unlimited"
	}
	return fmt.Sprint(n)
}
