package manager

import (
	"slices"
	"testing"
)

// TestMissingDependencies asks for one service that every Windows has, one that none has, and a group.
func TestMissingDependencies(t *testing.T) {
	missing, err := Manager{}.MissingDependencies(t.Context(), []string{"RpcSs", "no-such-service", "+no-such-group"})
	if err != nil || !slices.Equal(missing, []string{"no-such-service"}) {
		t.Errorf("missing %q: %v", missing, err)
	}
	if missing, err := (Manager{}).MissingDependencies(t.Context(), nil); err != nil || missing != nil {
		t.Errorf("of nothing, missing %q: %v", missing, err)
	}
}
