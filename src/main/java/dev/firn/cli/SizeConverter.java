package dev.firn.cli;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the size of a volume, such as {@code 4G}, as bytes. */
final class SizeConverter implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    try {
      return Sizes.parseVolumeSize(text);
    } catch (FirnException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
