package dev.firn.map;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** A home whose maps are all open. */
public record OpenMaps(List<VolumeMap> maps) implements ReclaimedMaps {
  public static OpenMaps of(VolumeMap... maps) {
    return new OpenMaps(List.of(maps));
  }

  @Override
  public List<Long> list() {
    return maps.stream().map(VolumeMap::number).toList();
  }

  @Override
  public <T> T with(long number, MapAction<T> action) throws IOException {
    for (VolumeMap map : maps) {
      if (map.number() == number) {
        return action.run(map);
      }
    }
    throw new NoSuchFileException("map " + number);
  }
}
