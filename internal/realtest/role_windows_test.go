package realtest

// beSomebodyElse: on Windows the test binary is nothing but the tests.
func beSomebodyElse() {}
