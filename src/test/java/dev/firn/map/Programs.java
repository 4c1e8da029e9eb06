package dev.firn.map;

import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** All short programs, and the volumes they are run on. */
final class Programs {
  /** The alphabet: each letter once, on the same key. */
  private static final List<Operation> LETTERS =
      List.of(
          Operation.PUT,
          Operation.STORE,
          Operation.DELETE,
          Operation.RELIEVE,
          Operation.COMMIT,
          Operation.CHECKPOINT,
          Operation.FREEZE,
          Operation.DROP,
          Operation.RESET,
          Operation.RECLAIM,
          Operation.CLONE);

  /**
   * What the programs write: records of some sectors, so that one can be torn without its header.
   */
  private static final List<Integer> LONG_RECORDS =
      IntStream.iterate(100, number -> number + 1)
          .filter(number -> isLong(Found.content(number)))
          .limit(3)
          .boxed()
          .toList();

  private Programs() {}

  private static boolean isLong(byte[] content) {
    return content.length > 1200 && content[content.length - 1] != 0;
  }

  /** All programs of exactly so many operations. */
  static List<List<Step>> ofLength(int length) {
    List<List<Step>> programs = new ArrayList<>();
    if (length == 0) {
      programs.add(List.of());
      return programs;
    }
    for (List<Step> shorter : ofLength(length - 1)) {
      for (Operation letter : LETTERS) {
        List<Step> program = new ArrayList<>(shorter);
        program.add(new Step(letter, 0, LONG_RECORDS.get(length - 1)));
        programs.add(program);
      }
    }
    return programs;
  }

  /** A disk with an empty volume. */
  static SimulatedDisk emptyVolume(int sectorBytes) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(sectorBytes);
    VolumeUnderTest.create(disk).close();
    return disk;
  }

  /**
   * Does to a new volume what gives it a tree of two levels, a snapshot, both superblocks and a
   * commit behind the last checkpoint.
   */
  static VolumeUnderTest filledVolume(SimulatedDisk disk) throws IOException {
    VolumeUnderTest volume = VolumeUnderTest.create(disk);
    for (int key = 0; key < 5; key++) {
      volume.run(new Step(Operation.PUT, key, key));
    }
    volume.run(Step.of(Operation.CHECKPOINT));
    volume.run(Step.of(Operation.FREEZE));
    volume.run(new Step(Operation.PUT, 0, 10));
    volume.run(Step.of(Operation.CHECKPOINT));
    volume.run(new Step(Operation.PUT, 1, 11));
    volume.run(Step.of(Operation.COMMIT));
    return volume;
  }
}
