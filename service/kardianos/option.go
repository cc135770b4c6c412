package service

import (
	"fmt"
	"slices"
)

// option is what this package knows of an option of the original.
type option struct {
	kind string   // the Go type of its value
	on   []string // those of our systems on which the original uses it: "windows", "linux"
	lost string   // why it has no effect here on any system; "" where it has
}

// lookUp gives the option name, false for one that the original doesn't have either.
func lookUp(name string) (option, bool) {
	elsewhere := []string{} // a service manager that daruma has no back-end for
	switch name {
	case StartType, OnFailure, OnFailureDelayDuration, "Password":
		return option{kind: "string", on: []string{"windows"}}, true
	case OnFailureResetPeriod:
		return option{kind: "int", on: []string{"windows"}}, true
	case "DelayedAutoStart":
		return option{kind: "bool", on: []string{"windows"}}, true
	case "Interactive":
		return option{kind: "bool", on: []string{"windows"},
			lost: "services have had no desktop since Windows Vista (session 0 isolation), with it or without"}, true
	case "SystemdScript", "ReloadSignal", "PIDFile", "Restart", "SuccessExitStatus", "LogDirectory":
		return option{kind: "string", on: []string{"linux"}}, true
	case "UserService", "LogOutput":
		return option{kind: "bool", on: []string{"linux"}}, true
	case "LimitNOFILE":
		return option{kind: "int", on: []string{"linux"}}, true
	case "RunWait":
		return option{kind: "func()", on: []string{"linux"}}, true
	case "UpstartScript", "SysvScript", "RCSScript", "OpenRCScript", "LaunchdConfig", "Prefix":
		return option{kind: "string", on: elsewhere}, true
	case "KeepAlive", "RunAtLoad", "SessionCreate":
		return option{kind: "bool", on: elsewhere}, true
	}
	return option{}, false
}

// remarks are the options of kv that have no effect on system ("windows" or "linux") though they were meant to, each with the reason.
// Options for another system are left out: programs give the options of all systems at once. So are those that nobody knows: the original
// is silent about them, and a SystemdScript may ask for them ({{.Option.Name}}).
func (kv KeyValue) remarks(system string) []string {
	var list []string
	for name, v := range kv {
		o, ok := lookUp(name)
		kind := fmt.Sprintf("%T", v)
		switch {
		case !ok || !slices.Contains(o.on, system):
		case kind != o.kind:
			list = append(list, fmt.Sprintf("option %s: is %s, must be %s; it has no effect", name, kind, o.kind))
		case o.lost != "":
			list = append(list, fmt.Sprintf("option %s: %s; it has no effect", name, o.lost))
		}
	}
	slices.Sort(list)
	return list
}
