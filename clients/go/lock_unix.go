//go:build unix && !solaris && !illumos && !aix

package eventgrpc

import (
	"os"
	"syscall"
)

// lockFile locks a folder by a file in it; the lock ends with the process, or when the file is closed.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, ErrQueueInUse
	}
	return file, nil
}

// unlockFile ends a lock.
func unlockFile(file *os.File) {
	file.Close()
}
