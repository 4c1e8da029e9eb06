package dev.firn.region;

import dev.firn.map.MapStore;
import dev.firn.map.RootName;
import dev.firn.map.SpaceReport;
import dev.firn.map.SpaceUse;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Keys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Tells what holds how much of the disk. Safe for concurrent use. */
final class Accounting {
  private final MapStore store;
  private final MapPool maps;
  private final VolumeRows volumes;
  private final SnapshotRows snapshots;
  private final List<String> subregions;

  Accounting(
      MapStore store,
      MapPool maps,
      VolumeRows volumes,
      SnapshotRows snapshots,
      List<String> subregions) {
    this.store = store;
    this.maps = maps;
    this.volumes = volumes;
    this.snapshots = snapshots;
    this.subregions = subregions;
  }

  SnapshotSpace snapshots(List<Snapshot> asked) throws IOException {
    List<Snapshot> distinct = asked.stream().distinct().toList();
    SpaceReport report = report(distinct.stream().map(each -> Set.of(root(each))).toList());
    List<SnapshotSpace.Entry> entries = new ArrayList<>();
    for (int i = 0; i < distinct.size(); i++) {
      Snapshot each = distinct.get(i);
      SpaceUse use = report.sets().get(i);
      entries.add(
          new SnapshotSpace.Entry(
              each.id(),
              each.name(),
              each.volumeName(),
              use.logicalBytes(),
              use.storedBytes(),
              use.sharedBytes(),
              use.exclusiveBytes()));
    }
    return new SnapshotSpace(entries, report.freedBytes());
  }

  DiskUse disk() throws IOException {
    List<Volume> present =
        volumes.all().stream().filter(row -> row.state() != VolumeState.CREATING).toList();
    Map<Long, List<Snapshot>> snapshotsByMap =
        snapshots.all().stream()
            .collect(
                Collectors.groupingBy(Snapshot::volumeNumber, TreeMap::new, Collectors.toList()));
    Map<Long, Volume> volumesByMap = new TreeMap<>();
    present.forEach(row -> volumesByMap.put(row.number(), row));
    Set<Long> numbers = new TreeSet<>(volumesByMap.keySet());
    numbers.addAll(snapshotsByMap.keySet());

    // For each map two sets: its head, and its snapshots.
    List<Set<RootName>> sets = new ArrayList<>();
    for (long number : numbers) {
      sets.add(volumesByMap.containsKey(number) ? Set.of(RootName.head(number)) : Set.of());
      sets.add(
          snapshotsByMap.getOrDefault(number, List.of()).stream()
              .map(Accounting::root)
              .collect(Collectors.toSet()));
    }
    SpaceReport report = report(sets);
    List<DiskUse.VolumeUse> uses = new ArrayList<>();
    int next = 0;
    for (long number : numbers) {
      SpaceUse head = report.sets().get(next++);
      SpaceUse ofSnapshots = report.sets().get(next++);
      List<Snapshot> rows = snapshotsByMap.getOrDefault(number, List.of());
      Volume row = volumesByMap.get(number);
      uses.add(
          new DiskUse.VolumeUse(
              row != null ? row.id() : rows.get(0).volumeId(),
              row != null ? row.name() : rows.get(0).volumeName(),
              row != null ? row.sizeBytes() : null,
              head,
              rows.size(),
              ofSnapshots.exclusiveBytes()));
    }
    List<DiskUse.SubregionUse> disks = new ArrayList<>();
    for (String subregion : subregions) {
      MapStore.DiskSize size = store.diskSize(subregion);
      disks.add(new DiskUse.SubregionUse(subregion, size.totalBytes(), size.freeBytes()));
    }
    return new DiskUse(uses, disks, store.storedBytes(), report.liveBytes());
  }

  private SpaceReport report(List<Set<RootName>> sets) throws IOException {
    return store.space(maps, Keys::isExtent, snapshots::volumeExists, sets);
  }

  private static RootName root(Snapshot snapshot) {
    return new RootName(snapshot.volumeNumber(), snapshot.number());
  }
}
