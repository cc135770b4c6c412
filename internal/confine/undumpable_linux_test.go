package confine

import "testing"

// TestOwnRoles: whatever holds secrets of daruma is closed to the other processes of its account; what people call isn't.
func TestOwnRoles(t *testing.T) {
	for role, own := range map[string]bool{"keeper": true, "host": true, "supervisor": true, "reader": true, "handover": true, "status": false, "": false} {
		if isOwnRole(role) != own {
			t.Errorf("%q: %v", role, !own)
		}
	}
}
