package launchplan

import (
	"github.com/daruma-sh/daruma/internal/charset"
	"github.com/daruma-sh/daruma/internal/definition"
)

// unsupported gives the fields that this version can't enforce on Linux.
func unsupported(p *definition.Program) (list []unsupportedField) {
	refuse := func(asked bool, field, hint string) {
		if asked {
			list = append(list, unsupportedField{field, "can't be enforced yet by this version of daruma; remove it" + hint})
		}
	}
	refuse(p.Limits.Memory != 0, "resources.limits.memory", " (rlimits.as bounds the address space meanwhile)")
	refuse(p.Limits.MilliCPU != 0, "resources.limits.cpu", "")
	refuse(p.Limits.Processes != 0, "resources.limits.processes", " (rlimits.nproc bounds the user's processes meanwhile)")
	refuse(p.Limits.Affinity != 0, "resources.affinity", " (taskset in the command does it meanwhile)")
	if _, err := charset.Resolve(p.Logs.Encoding); err != nil {
		list = append(list, unsupportedField{"logs.encoding", err.Error()})
	}
	return list
}
