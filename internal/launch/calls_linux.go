package launch

import "runtime"

// System calls without a name in package syscall. close_range(2) came after the numbers were made the same everywhere.
const sysCloseRange = 436

// sysMemfdCreate gives the number of memfd_create(2). Source: the kernel's unistd.h of each architecture.
func sysMemfdCreate() uintptr {
	switch runtime.GOARCH {
	case "amd64":
		return 319
	case "386":
		return 356
	case "arm":
		return 385
	case "ppc64", "ppc64le":
		return 360
	case "s390x":
		return 350
	default: // arm64, riscv64, loong64: the numbers of asm-generic
		return 279
	}
}
