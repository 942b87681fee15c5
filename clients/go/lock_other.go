//go:build !unix || solaris || illumos || aix

package eventgrpc

import (
	"errors"
	"io/fs"
	"os"
)

// lockFile locks a folder by a file in it, which nobody may make a second time. After a crash it has to be removed by hand.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, ErrQueueInUse
	}
	return file, err
}

// unlockFile ends a lock.
func unlockFile(file *os.File) {
	file.Close()
	os.Remove(file.Name())
}
