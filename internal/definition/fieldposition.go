package definition

import (
	"cmp"
	"slices"
)

// fieldPosition is where one field stands. The path is kept as a hash only: the supervisor holds the positions of all fields for
// its whole life, and with 500 programs the paths themselves would cost megabytes.
type fieldPosition struct {
	path         uint64
	line, column int32
}

// At gives the position of the field with this path ("programs.api.command", "programs.api.command[0]") in the
// definition; of the nearest enclosing field where the path itself isn't written; the zero Position where nothing is
// known.
func (s *Service) At(path string) Position {
	for path != "" {
		i, ok := slices.BinarySearchFunc(s.positions, hashPath([]byte(path)), func(p fieldPosition, want uint64) int {
			return cmp.Compare(p.path, want)
		})
		if ok {
			return Position{Line: int(s.positions[i].line), Column: int(s.positions[i].column)}
		}
		cut := len(path) - 1
		for cut > 0 && path[cut] != '.' && path[cut] != '[' {
			cut--
		}
		path = path[:cut]
	}
	return Position{}
}

// sortPositions sorts for At's search; of two positions of one path the upper one wins.
func sortPositions(positions []fieldPosition) []fieldPosition {
	slices.SortFunc(positions, func(a, b fieldPosition) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return slices.Clip(slices.CompactFunc(positions, func(a, b fieldPosition) bool { return a.path == b.path }))
}

// hashPath is FNV-1a with 64 bits.
func hashPath(path []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range path {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
