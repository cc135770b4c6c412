package manager

import "context"

func missingDependencies(ctx context.Context, m Manager, names []string) (missing []string, err error) {
	s, err := connect(ctx, m, "looking for dependencies of", "services")
	if err != nil {
		return nil, err
	}
	defer s.conn.Close()
	for _, name := range names {
		// systemd reads the unit for the question: also one that is generated, or an instance of a template.
		state, err := s.conn.GetUnitPropertyContext(ctx, dependencyUnit(name), "LoadState")
		if err != nil {
			return missing, s.fail("asking for "+dependencyUnit(name), err)
		}
		if text, _ := state.Value.Value().(string); text == "not-found" {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
