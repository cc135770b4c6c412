package definition

import (
	"slices"
	"strconv"
)

// checkService adds the problems that only all programs together show.
func (d *decoder) checkService(s *Service, root *node) {
	if slices.Contains(s.DependsOn, s.Name) && s.Name != "" {
		d.failAt("dependsOn", root.get("dependsOn").value.pos, "the service can't depend on itself: remove %s", s.Name)
	}
	programs := root.get("programs")
	if programs == nil || len(s.Programs) == 0 {
		return
	}
	d.checkListeners(s, programs.value)
	d.checkDependencies(s, programs.value)
}

// checkProgram adds a problem for each combination within one program that can't work.
func (d *decoder) checkProgram(p *Program, n *node) {
	if b := n.get("backoff"); b != nil && p.Backoff.Max < p.Backoff.Initial {
		d.failAt("programs."+p.Name+".backoff", b.value.pos, "maxSeconds (%v) must not be less than initialSeconds (%v)",
			p.Backoff.Max.Seconds(), p.Backoff.Initial.Seconds())
	}
	if p.PreStop != nil && p.TerminationGracePeriod == 0 {
		e := n.get("terminationGracePeriodSeconds")
		d.failAt("programs."+p.Name+"."+e.key, e.value.pos, "must be greater than 0, because lifecycle.preStop takes its time from it")
	}
}

// maxListeners is what one service may have; the keeper holds them all, and 1,024 files is what a process gets by default.
const maxListeners = 900

// socket is a listener and where it is defined.
type socket struct {
	Listener
	program string
	path    string
	pos     Position
}

// checkListeners checks that names and addresses of sockets are unique in a service.
func (d *decoder) checkListeners(s *Service, programs *node) {
	sockets := sockets(s, programs)
	if len(sockets) > maxListeners {
		last := sockets[maxListeners]
		d.failAt(last.path, last.pos, "more than %d sockets in one service", maxListeners)
		return
	}
	names := map[string]string{}
	ports := map[string][]socket{}
	for _, l := range sockets {
		if other, taken := names[l.Name]; taken && l.Name != "" {
			d.failAt(l.path, l.pos, "the name %s is taken by the program %s: names are unique in a service", quote(l.Name), other)
		}
		names[l.Name] = l.program
		port := l.Network + portOf(l.Address)
		for _, other := range ports[port] {
			if clash(l.Listener, other.Listener) {
				d.failAt(l.path, l.pos, "the address is the same as that of %s of the program %s, or part of it: one of them can't be bound",
					quote(other.Name), other.program)
				break
			}
		}
		ports[port] = append(ports[port], l)
	}
}

// sockets gives all listeners of a service, in the order of the file.
func sockets(s *Service, programs *node) []socket {
	var all []socket
	for i := range s.Programs {
		p := &s.Programs[i]
		for j, l := range p.Listen {
			item := programs.entries[i].value.get("listen").value.items[j]
			path := "programs." + p.Name + ".listen[" + strconv.Itoa(j) + "]"
			all = append(all, socket{Listener: l, program: p.Name, path: path, pos: item.pos})
		}
	}
	return all
}

// portOf is what follows the last colon of an address, or all of it.
func portOf(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			return address[i:]
		}
	}
	return address
}
