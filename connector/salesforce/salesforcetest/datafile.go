package salesforcetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Save writes the content to the data file of the config, which is replaced as a
// whole or not at all. Requests go on meanwhile; what they write later is not in
// the file. The file holds the passwords of the simulated users, so only its
// owner may read it.
func (o *Org) Save() error {
	if o.config.DataFile == "" {
		return errors.New("save the simulated org: it has no data file")
	}
	// A slow save must not replace the file of a later one.
	o.saving.Lock()
	defer o.saving.Unlock()
	if err := o.replaceDataFile(); err != nil {
		return fmt.Errorf("save the simulated org: %w", err)
	}
	return nil
}

// replaceDataFile writes another file beside it, and moves that in its place.
func (o *Org) replaceDataFile() (err error) {
	name := o.config.DataFile
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	err = o.writeContent(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// load fills the org from its data file and tells whether there is one.
func (o *Org) load() (loaded bool, err error) {
	if o.config.DataFile == "" {
		return false, nil
	}
	file, err := os.Open(o.config.DataFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	defer file.Close() //nolint:errcheck // it was only read.
	if err := o.readContent(file); err != nil {
		return false, fmt.Errorf("read data file %s: %w", o.config.DataFile, err)
	}
	return true, nil
}
