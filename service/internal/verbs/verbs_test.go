package verbs

import (
	"strings"
	"testing"
)

func TestUsageLeavesTheDescriptionAlone(t *testing.T) {
	if text := usage(Service{Name: "x", Description: "Renames PROGRAMS by NAME"}); !strings.HasPrefix(text, "Renames PROGRAMS by NAME\n") {
		t.Errorf("%.60q", text)
	}
}
