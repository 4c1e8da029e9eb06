package dev.firn.vfs;

/**
 * The changes of one setattr: null leaves a field as it is. Truncation, chmod, chown and utimens in
 * one atomic step, as the kernel sends them.
 *
 * @param mode permission bits only (07777)
 * @param accessTime null: unchanged
 * @param modifyTime null: unchanged
 * @param changeTime null: now. A kernel that holds changed pages back says when they were changed
 */
public record SetAttributes(
    Integer mode,
    Integer uid,
    Integer gid,
    Long sizeBytes,
    TimeChange accessTime,
    TimeChange modifyTime,
    TimeChange changeTime) {

  public SetAttributes(
      Integer mode,
      Integer uid,
      Integer gid,
      Long sizeBytes,
      TimeChange accessTime,
      TimeChange modifyTime) {
    this(mode, uid, gid, sizeBytes, accessTime, modifyTime, null);
  }

  /**
   * Seconds since 1970, all of a long, and 0 to 999,999,999 ns; {@code now} takes the file system's
   * clock instead.
   */
  public record TimeChange(boolean now, long seconds, int nanos) {
    public static final TimeChange NOW = new TimeChange(true, 0, 0);

    public static TimeChange at(long seconds, int nanos) {
      return new TimeChange(false, seconds, nanos);
    }
  }

  public static SetAttributes mode(int mode) {
    return new SetAttributes(mode, null, null, null, null, null);
  }

  public static SetAttributes owner(Integer uid, Integer gid) {
    return new SetAttributes(null, uid, gid, null, null, null);
  }

  public static SetAttributes size(long sizeBytes) {
    return new SetAttributes(null, null, null, sizeBytes, null, null);
  }

  public static SetAttributes times(TimeChange accessTime, TimeChange modifyTime) {
    return new SetAttributes(null, null, null, null, accessTime, modifyTime);
  }
}
