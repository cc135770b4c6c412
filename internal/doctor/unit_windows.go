package doctor

import "context"

// checkUnit: units are Linux's alone.
func checkUnit(context.Context, *subject) {}

// missingDependency: the SCM refuses the start.
const missingDependency = Fail
