// Package readers finds out who the readers of a service are on this machine: the accounts and groups that its definition lets see status,
// events, incidents and logs (control.readers). It promises that a name which the machine doesn't know lets nobody in, and is told. How they
// are kept from everything else is the business of package control, and of the keeper, which opens the way to the socket.
package readers

import (
	"fmt"
	"slices"
)

// Observer is the name of the installed observer among the readers of a definition, and the name of its service. It is the same on both
// systems: on Linux that of a group, which its processes are in and which its installation makes; on Windows it stands for the service's
// own SID.
const Observer = "daruma-observe"

// Of looks the names of a definition up. What is unknown is left out of the set, and named by an error each.
func Of(names []string) (Set, []error) {
	var s Set
	var unknown []error
	for _, name := range names {
		if err := s.add(name); err != nil {
			unknown = append(unknown, fmt.Errorf("control.readers: %w", err))
		}
	}
	return s.sorted(), unknown
}

// Unknown says, a sentence each, which of the names this machine doesn't have.
func Unknown(names []string) (said []string) {
	_, unknown := Of(names)
	for _, err := range unknown {
		said = append(said, err.Error())
	}
	return said
}

func sorted[T uint32 | string](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}
