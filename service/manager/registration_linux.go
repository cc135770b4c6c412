package manager

import (
	"context"
	"fmt"
	"slices"
)

func registration(ctx context.Context, m Manager, name string) (Registration, error) {
	s, err := connect(ctx, m, "reading", name)
	if err != nil {
		return Registration{}, err
	}
	defer s.conn.Close()
	properties, err := s.conn.GetAllPropertiesContext(ctx, s.unit())
	if err != nil {
		return Registration{}, s.fail("", err)
	}
	if property(properties, "LoadState") == "not-found" {
		return Registration{}, &Error{Op: s.op, Name: name, Kind: ErrNotInstalled}
	}
	r := Registration{Words: commandLine(properties["ExecStart"]), Account: property(properties, "User")}
	r.CommandLine = fmt.Sprintf("%q", r.Words)
	restart := property(properties, "Restart")
	r.Recovers = restart != "" && restart != "no" && restart != "on-success"
	r.OnNonCrash = slices.Contains([]string{"always", "on-failure"}, restart)
	r.Ambient, _ = properties["AmbientCapabilities"].(uint64)
	r.HardLimits = map[string]uint64{}
	for _, name := range limitNames() {
		if hard, ok := properties[limitKey(name)].(uint64); ok {
			r.HardLimits[name] = hard
		}
	}
	r.DropIns, _ = properties["DropInPaths"].([]string)
	r.NeedReload, _ = properties["NeedDaemonReload"].(bool)
	return r, nil
}
