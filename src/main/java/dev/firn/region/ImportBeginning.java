package dev.firn.region;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.time.Clock;

/** What an import begins with. */
interface ImportBeginning {
  MapPool.Use map(long volumeNumber) throws IOException;

  VolumeFileSystem files(VolumeMap map) throws IOException;

  /** Nothing but a root directory. */
  record Empty(MapPool maps, MapStore.VolumeOptions options, ImportRequest request, Clock clock)
      implements ImportBeginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.create(volumeNumber, options);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      return VolumeFileSystem.create(map, request.roomBytes(), clock);
    }
  }

  /** The files of a snapshot that is here; a disk is a file until the end. */
  record FilesOf(
      MapPool maps,
      MapStore.VolumeOptions options,
      ImportRequest request,
      FrozenMap source,
      Clock clock)
      implements ImportBeginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.createFrom(volumeNumber, options, source);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      return VolumeFileSystem.openFiles(map, request.roomBytes(), clock);
    }
  }

  /** A disk without any bytes. */
  record EmptyDisk(
      MapPool maps,
      MapStore.VolumeOptions options,
      ImportRequest request,
      SetAttributes owner,
      Clock clock)
      implements ImportBeginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.create(volumeNumber, options);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      VolumeFileSystem files = VolumeFileSystem.createDisk(map, request.volumeSizeBytes(), clock);
      files.setAttributes(FileSystem.ROOT_INODE, owner);
      files.setAttributes(files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode(), owner);
      return files;
    }
  }

  /** The disk of a snapshot that is here. */
  record DiskOf(
      MapPool maps,
      MapStore.VolumeOptions options,
      ImportRequest request,
      FrozenMap source,
      Clock clock)
      implements ImportBeginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.createFrom(volumeNumber, options, source);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      return VolumeFileSystem.open(map, request.volumeSizeBytes(), clock);
    }
  }
}
