package dev.firn.vfs;

/**
 * The two halves of a device's number, as stat(2) tells it and {@link Attributes#device} has it:
 * minor 0-7, major 0-11, then the minor's rest; in 64 bits, behind it, the major's rest
 * (gnu_dev_major(3)).
 */
public final class DeviceNumbers {
  private DeviceNumbers() {}

  public static int major(int device) {
    return major(Integer.toUnsignedLong(device));
  }

  public static int minor(int device) {
    return minor(Integer.toUnsignedLong(device));
  }

  public static int major(long device) {
    return (int) (device >>> 8 & 0xfff | device >>> 32 & 0xffff_f000L);
  }

  public static int minor(long device) {
    return (int) (device & 0xff | device >>> 12 & 0xffff_ff00L);
  }
}
