package service

import (
	"fmt"
	"slices"
)

// option is what this package knows of an option of the original.
type option struct {
	kind string   // the Go type of its value
	on   []string // the systems on which the original uses it, by the first word of their names
	lost string   // why it has no effect here on any system; "" where it has
}

// lookUp gives the option name, false for one that the original doesn't have either.
func lookUp(name string) (option, bool) {
	const elsewhere = "daruma has no back-end for that service manager"
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
		return option{kind: "string", lost: elsewhere}, true
	case "KeepAlive", "RunAtLoad", "SessionCreate":
		return option{kind: "bool", lost: elsewhere}, true
	}
	return option{}, false
}

// remarks are the options of kv that have no effect on system ("windows" or "linux"), each with the reason. Options for
// another system are left out: programs give the options of all systems at once.
func (kv KeyValue) remarks(system string) []string {
	var list []string
	for name, v := range kv {
		o, ok := lookUp(name)
		kind := fmt.Sprintf("%T", v)
		switch {
		case !ok:
			list = append(list, fmt.Sprintf("option %s: neither kardianos/service nor daruma knows it; it has no effect", name))
		case kind != o.kind:
			list = append(list, fmt.Sprintf("option %s: is %s, must be %s; it has no effect", name, kind, o.kind))
		case o.lost != "" && (o.on == nil || slices.Contains(o.on, system)):
			list = append(list, fmt.Sprintf("option %s: %s; it has no effect", name, o.lost))
		}
	}
	slices.Sort(list)
	return list
}
