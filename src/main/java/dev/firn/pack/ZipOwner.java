package dev.firn.pack;

import dev.firn.base.Bytes;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.X7875_NewUnix;
import org.apache.commons.compress.archivers.zip.ZipExtraField;
import org.apache.commons.compress.archivers.zip.ZipShort;

/**
 * Owner and group of a file as Info-ZIP writes them: four bytes each, in both headers. The one of
 * Commons Compress has as few bytes as do, which unzip does not understand. Only for writing.
 */
final class ZipOwner implements ZipExtraField {
  static final ZipShort HEADER_ID = new X7875_NewUnix().getHeaderId();

  private static final int ID_BYTES = 4;

  private final byte[] data = new byte[3 + 2 * ID_BYTES];

  ZipOwner(int uid, int gid) {
    data[0] = 1;
    data[1] = ID_BYTES;
    Bytes.putInt(data, 2, uid);
    data[2 + ID_BYTES] = ID_BYTES;
    Bytes.putInt(data, 3 + ID_BYTES, gid);
  }

  @Override
  public ZipShort getHeaderId() {
    return HEADER_ID;
  }

  @Override
  public byte[] getLocalFileDataData() {
    return data.clone();
  }

  @Override
  public ZipShort getLocalFileDataLength() {
    return new ZipShort(data.length);
  }

  @Override
  public byte[] getCentralDirectoryData() {
    return data.clone();
  }

  @Override
  public ZipShort getCentralDirectoryLength() {
    return new ZipShort(data.length);
  }

  @Override
  public void parseFromLocalFileData(byte[] buffer, int offset, int length) throws ZipException {
    throw new ZipException("not for reading");
  }

  @Override
  public void parseFromCentralDirectoryData(byte[] buffer, int offset, int length)
      throws ZipException {
    throw new ZipException("not for reading");
  }
}
