package dev.firn.map;

import static org.junit.jupiter.api.Assertions.fail;

import dev.firn.store.FaultPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All states that a volume has had, in order, and which of them must survive. Every change makes a
 * state, so what is found after a crash must equal one of them, snapshots included.
 */
final class History {
  /**
   * A volume's content.
   *
   * @param head key to the number that determines the record's bytes
   * @param snapshots number to what the head was
   */
  record State(Map<Integer, Integer> head, Map<Long, Map<Integer, Integer>> snapshots) {
    State withHead(Map<Integer, Integer> newHead) {
      return new State(newHead, snapshots);
    }
  }

  /**
   * A commit or checkpoint that returned and had something to write.
   *
   * @param endChanges the disk's count of changes when it returned
   * @param state the newest state that it covers
   */
  private record Group(long endChanges, int state, boolean isCheckpoint) {}

  private final List<State> states = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();

  /** The state that was found when the volume was opened. */
  private int opened;

  private int committed;
  private long nextSnapshot = 1;
  private long nextClone = 2;

  /** Volumes that were made of snapshots and must be there, with what they hold. */
  private final Map<Long, Map<Integer, Integer>> clones = new TreeMap<>();

  History() {
    states.add(new State(Map.of(), Map.of()));
  }

  History copy() {
    History copy = new History();
    copy.states.clear();
    copy.states.addAll(states);
    copy.groups.addAll(groups);
    copy.opened = opened;
    copy.committed = committed;
    copy.nextSnapshot = nextSnapshot;
    copy.nextClone = nextClone;
    copy.clones.putAll(clones);
    return copy;
  }

  State newest() {
    return states.get(states.size() - 1);
  }

  int newestIndex() {
    return states.size() - 1;
  }

  State state(int index) {
    return states.get(index);
  }

  /** The oldest state that a disk which does not lie may go back to. */
  int committed() {
    return committed;
  }

  void put(int key, int number) {
    Map<Integer, Integer> head = new TreeMap<>(newest().head());
    head.put(key, number);
    states.add(newest().withHead(head));
  }

  void delete(int key) {
    Map<Integer, Integer> head = new TreeMap<>(newest().head());
    head.remove(key);
    states.add(newest().withHead(head));
  }

  long freeze() {
    Map<Long, Map<Integer, Integer>> snapshots = new TreeMap<>(newest().snapshots());
    snapshots.put(nextSnapshot, newest().head());
    states.add(new State(newest().head(), snapshots));
    return nextSnapshot++;
  }

  void drop(long number) {
    Map<Long, Map<Integer, Integer>> snapshots = new TreeMap<>(newest().snapshots());
    snapshots.remove(number);
    states.add(new State(newest().head(), snapshots));
  }

  void reset(long number) {
    states.add(newest().withHead(newest().snapshots().get(number)));
  }

  long copySnapshot(long number) {
    Map<Long, Map<Integer, Integer>> snapshots = new TreeMap<>(newest().snapshots());
    snapshots.put(nextSnapshot, snapshots.get(number));
    states.add(new State(newest().head(), snapshots));
    return nextSnapshot++;
  }

  /** A number that no volume has had; never the same again. */
  long nextClone() {
    return nextClone++;
  }

  Map<Long, Map<Integer, Integer>> clones() {
    return clones;
  }

  /** The newest change was refused: it never was. */
  void takeBack() {
    states.remove(states.size() - 1);
  }

  /** A commit or checkpoint returned. */
  void committed(int state, boolean isCheckpoint, long changes) {
    if (isCheckpoint || state > committed) {
      groups.add(new Group(changes, state, isCheckpoint));
    }
    committed = Math.max(committed, state);
  }

  /** The volume was opened and is in that state; what came behind it never was. */
  void opened(int state) {
    states.subList(state + 1, states.size()).clear();
    opened = state;
    committed = state;
    groups.clear();
  }

  /**
   * The oldest state that a disk which lied once may go back to without Firn noticing; see what
   * {@link dev.firn.store.SimulatedDisk} says of it.
   */
  int committedAfter(FaultPlan lie) {
    if (lie.kind() == FaultPlan.Kind.MISDIRECTED_WRITE) {
      // It may have hit the end of the log, and be that of the last superblock.
      List<Integer> checkpoints = new ArrayList<>(List.of(opened, opened));
      groups.stream().filter(Group::isCheckpoint).forEach(group -> checkpoints.add(group.state()));
      return checkpoints.get(checkpoints.size() - 2);
    }
    for (int i = 0; i < groups.size(); i++) {
      if (groups.get(i).endChanges() >= lie.firedAt()) {
        boolean isLast = i == groups.size() - 1 && !groups.get(i).isCheckpoint();
        return !isLast ? committed : i == 0 ? opened : groups.get(i - 1).state();
      }
    }
    return committed;
  }

  /**
   * The newest state that equals what was found, where that could be read.
   *
   * @param oldest the oldest state that is allowed
   */
  int require(Found found, int oldest) {
    for (int i = states.size() - 1; i >= oldest; i--) {
      if (found.matches(states.get(i))) {
        return i;
      }
    }
    StringBuilder message = new StringBuilder("found " + found + "\nallowed are");
    for (int i = 0; i < states.size(); i++) {
      message.append("\n  ").append(i).append(i < oldest ? " (too old) " : " ");
      message.append(states.get(i));
    }
    return fail(message.toString());
  }
}
